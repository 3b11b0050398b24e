-- grain: one row a provider adjustment (PLB pair) that names a related claim. key: file_hash, segment, position.
-- inputs: related_claim, core.thread, core.provider_adjustment
-- A reference is tied where it singles out one claim of all history, so which ones do is asked of all history.
select a.file_hash, a.payment, a.segment, a.position
from core.provider_adjustment a
semi join (select t.thread from core.thread t semi join related_claim using (file_hash, claim)) using (thread)
order by a.file_hash, a.segment, a.position
