-- grain: one row a file that decisions of a night rest on, by rule set; only ever added to. key: id. The journal's book `rule_file`.
-- The bytes are in archive/rules/, by sha256; of this program, the hash alone.
create table if not exists life.rule_file (
    id varchar, number integer, when_date date, rule_set varchar, folder varchar, path varchar, sha256 varchar, byte_count bigint
)
