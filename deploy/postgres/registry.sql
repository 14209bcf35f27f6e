-- The schema registry keeps its schemas and their ids in a database of its own.
create database registry;
