DROP TABLE crl_parts;
