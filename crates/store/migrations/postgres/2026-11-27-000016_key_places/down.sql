DROP TABLE key_places;
