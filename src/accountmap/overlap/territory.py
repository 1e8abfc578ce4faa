"""In which country a company is, for territories and the rules of engagement."""

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.canonical.places import country_code, country_of_domain
from accountmap.overlap.columns import mapped


def countries_of(accounts: pa.Table) -> pa.Array:
    """Give the country of each account as an ISO 3166 code: from its country, else from its domain, else null."""
    return pc.coalesce(mapped(accounts["country"], country_code), mapped(accounts["domain"], country_of_domain))
