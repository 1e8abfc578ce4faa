select
    deal_id,
    max(case when role = 'sourced' then partner end) as sourced_by,
    sum(case when role = 'influenced' then 1 else 0 end) as influenced_by_partners,
    sum(coalesce(even, 0)) as credited_to_partners,
    max(currency) as currency
from {{ source('accountmap', 'influence_by_deal') }}
group by deal_id
