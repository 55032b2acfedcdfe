"""Handbell: the front door between a website and a remote-support session.

Where each behaviour lives:

- what may be asked of a session, its limits and wire formats ..... core/new_session.py, core/bodies.py
- when the applet shows and asks the customer's details ........... core/customer_info.py
- which queue a session goes to, and why .......................... core/routing.py
- states of requests and tickets .................................. core/request.py, core/ticket.py
- pages at a site's origins, plain forms, more fields ............. core/origins.py, core/posted.py, core/more.py
- suspects, the check, verified customers ......................... intake.py, puzzle.py, identity.py
- account keys of the desk's own API, made anew and revoked ....... core/account_key.py, actions/account_key.py
- programs and snippets for other people's pages .................. core/examples.py, core/embed.py
- signed, expiring links .......................................... core/links.py
- accounts at the vendor, their keys, stored secrets ............. core/vendor_*.py, core/site_change.py, seal.py
- settings, keys, files of the installation ....................... settings.py, key_file.py, resources.py
- rows and transactions, group commit on SQLite ................... store/
- opening a session ............................................... backends/
- which addresses of a vendor are called and handed out ........... core/vendor_address.py
- calling a vendor, and what its answer means ..................... backends/vendor_call.py, backends/answer.py
- submit, work a ticket, erase, prune ............................. actions/
- pages for customers and technicians ............................. web/
- the widget: its files and addresses, a page that shows it ........ widget_files.py, web/widget.py, web/demo.py
- the New Session API, states as JSON, OpenAPI .................... api/
- what a site's webhook is told ................................... core/webhook.py, store/notices.py, actions/tell.py
- what is counted for Prometheus .................................. metrics.py, store/backlog.py, web/metrics_page.py
- background work ................................................. worker.py
- the `handbell` command .......................................... cli/
- everything joined ............................................... factory.py
"""
