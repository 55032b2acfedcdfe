"""Handbell: the front door between a website and a remote-support session.

Where each behaviour lives:

- what may be asked of a session, its limits and wire formats ..... core/new_session.py, core/bodies.py
- when the applet shows and asks the customer's details ........... core/customer_info.py
- which queue a session goes to, and why .......................... core/routing.py
- states of requests and tickets .................................. core/request.py, core/ticket.py, core/standing.py
- pages at a site's origins, plain forms, more fields ............. core/origins.py, core/posted.py, core/more.py
- suspects, the check, verified customers ......................... intake.py, puzzle.py, identity.py
- account keys of the desk's own API, made anew and revoked ....... core/account_key.py, actions/account_key.py
- programs and snippets for other people's pages .................. core/examples.py, core/embed.py
- signed, expiring links .......................................... core/links.py
- accounts at the vendor, their keys, stored secrets ............. core/vendor_*.py, core/site_change.py, seal.py
- a site's colour and logo, its change, its test ................. core/colour.py, actions/logo.py, sites.py, site_*.py
- settings, keys, files of the installation ....................... settings.py, key_file.py, resources.py
- rows and transactions, group commit on SQLite ................... store/
- what rules answer with, and who words it ........................ core/fact.py, …/*_words.py
- a site's options as people write them ........................... core/site_options.py
- opening a session: one declared file for each way ............... core/declaration.py, backends/
- which addresses of a vendor are called and handed out ........... core/vendor_address.py
- session codes: PINs, wrong tries, a customer's way in ........... core/session_code.py, actions/codes.py, web/pin.py
- people's data, the desk's options ............................... actions/privacy.py, actions/desk_options.py
- the audit log, which only grows ................................ store/audit.py
- calling a vendor, and what its answer means ..................... backends/vendor_call.py, backends/answer.py
- departments, technicians, invitations, their sessions ............ core/team.py, actions/{team,invitations}.py
- submit, erase, prune ............................................ actions/
- claim, pass on, note, close, open again ......................... actions/work.py, core/note.py
- log-in, its limits, second factor, one's own account ............ actions/{log_in,tries,second_factor,own_account}.py
- the console's queues, what an address shows of them ............. store/queues.py, core/queue_view.py
- open consoles hear of changes, without a thread each ............ changes.py, web_process.py, web/console/live.py
- what operators do with hand-offs, the list they look at ......... actions/operate.py, store/request_list.py
- figures of days, their charts, CSV .............................. core/figures.py, actions/figures.py, core/csv.py
- pages for customers and technicians ............................. web/
- the widget: its files and addresses, a page that shows it ........ widget_files.py, web/widget.py, web/demo.py
- the New Session API, states as JSON, OpenAPI .................... api/
- what a site's webhook is told ................................... core/webhook.py, store/notices.py, actions/tell.py
- what is counted for Prometheus .................................. metrics.py, store/backlog.py, web/metrics_page.py
- background work ................................................. worker.py
- the `handbell` command .......................................... cli/
- everything joined ............................................... factory.py
"""
