DROP TABLE published_certificates;
