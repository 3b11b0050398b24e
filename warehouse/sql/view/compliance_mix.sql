-- grain: one row a risk that an auditor would ask about. key: risk_code. inputs: out.compliance
select risk_code, count(*) as row_count, count(distinct patient_account) as account_count, sum(risk_amount)::decimal(18,2) as risk_amount,
       min(service_date) as first_service_date, max(service_date) as last_service_date, any_value(rule) as rule, any_value(source) as source
from out.compliance
group by risk_code
