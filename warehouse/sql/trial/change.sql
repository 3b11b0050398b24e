-- grain: one row a line whose verdict or dispute differs under the tried terms. key: file_hash, claim, line.
-- inputs: core.verdict, before.core.verdict
with pair as (
    select coalesce(a.payer, b.payer) as payer, coalesce(a.contract, b.contract) as contract,
           coalesce(a.patient_account, b.patient_account) as patient_account, coalesce(a.service_date, b.service_date) as service_date,
           coalesce(a.procedure_code, b.procedure_code) as procedure_code, b.verdict as verdict_before, a.verdict as verdict_after,
           b.expected_amount as expected_before_amount, a.expected_amount as expected_after_amount,
           b.shortfall_amount as shortfall_before_amount, a.shortfall_amount as shortfall_after_amount, a.reason,
           file_hash, claim, line
    from core.verdict a
    full join before.core.verdict b using (file_hash, claim, line)
)
select case when verdict_before is distinct from 'UNDERPAID' and verdict_after = 'UNDERPAID' then 'appears'
            when verdict_before = 'UNDERPAID' and verdict_after is distinct from 'UNDERPAID' then 'vanishes'
            when verdict_after = 'UNDERPAID' then 'changes' else 'other verdict' end as change,
       * exclude (file_hash, claim, line), file_hash, claim, line
from pair
where verdict_before is distinct from verdict_after or (verdict_after = 'UNDERPAID' and shortfall_before_amount is distinct from shortfall_after_amount)
order by change, payer, contract, service_date, patient_account, procedure_code, file_hash, claim, line
