"""The overlap as files that other programs take in: CRM imports, an advertising audience, a list for sellers."""

from accountmap.report.exports.hubspot import hubspot_companies
from accountmap.report.exports.linkedin import linkedin_audience
from accountmap.report.exports.salesforce import salesforce_accounts
from accountmap.report.exports.sellers import sellers_list

__all__ = ["hubspot_companies", "linkedin_audience", "salesforce_accounts", "sellers_list"]
