DROP TABLE responder_certificates;
DROP TABLE responder_requests;
