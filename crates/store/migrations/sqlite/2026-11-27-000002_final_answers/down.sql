DROP TABLE final_cas;
DROP TABLE final_batches;
DROP TABLE final_answers;
