"""The dashboard and the webhook routes, in one process: `music-sync serve`.

server               the listening socket, start and stop
connection           limits that hold before a request is one: deadline, size of the head, number of connections
app                  all routes and gates put together
site                 what every page may need, made, started and stopped
security             the gate before every route: host, origin, headers, who asks
security_sign_in     password, sessions, form tokens
pages                how a page is made, and how an error becomes one
pages_*              one file a group of pages
work                 what a person started from a page
needs, charts, shown what needs a person, the geometry of charts, how values look
webhooks             what senders reach; webhooks_* holds the schemes, limits and the reading of bodies
"""
