-- grain: one row a file that was judged, or could not be. key: file_hash
create table if not exists era.conformance (
    file_hash varchar, conformance varchar, not_checked_code varchar, not_checked_reason varchar, fault_count bigint,
    segment_count integer, pyx12_segment_count integer, pyx12_version varchar
)
