-- Run once by the Postgres image, when its volume is empty: one database for each server.
CREATE DATABASE prefect;
CREATE DATABASE mlflow;
CREATE DATABASE label_studio;
