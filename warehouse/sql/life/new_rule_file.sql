-- grain: one row a file of tonight's rule set that the journal does not list yet. inputs: terms.rule_file, life.rule_file
select $as_of as when_date, r.rule_set, r.folder, r.path, r.sha256, r.byte_count
from terms.rule_file r
anti join life.rule_file k using (rule_set, folder, path, sha256)
order by r.folder, r.path
