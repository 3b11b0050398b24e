-- grain: one row an encounter file. key: file_hash. stamp: when the practice made it (exported, name), else the day it was received.
create table if not exists file (file_hash varchar primary key, name varchar, stamp timestamp, stamp_source varchar, row_count integer)
