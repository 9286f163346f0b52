"""The product under load, killed at random moments: nothing acknowledged is ever lost or doubled.

`nursery` starts the product's own commands in groups of their own, `site` is one installation with
its running groups, `ledger` and `clients` are the apps on the other side, `campaign` kills,
`checks` reads afterwards what the database and the index say. `bench.crash` drives the same.
"""
