-- grain: one row a fault, the first 100 of a file. key: file_hash, fault. `segment` joins to the other era tables
create table if not exists era.conformance_fault (
    file_hash varchar, fault integer, segment integer, segment_tag varchar, element varchar, fault_level varchar,
    fault_code varchar, message varchar
)
