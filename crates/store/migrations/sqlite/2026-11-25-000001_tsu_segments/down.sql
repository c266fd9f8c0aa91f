DROP TABLE tsu_segments;
