select
    account_id,
    partners as shared_with_partners,
    customer_of as customer_of_partners,
    score as best_partner_score,
    mapped as partners_as_of
from {{ source('accountmap', 'account_reach') }}
