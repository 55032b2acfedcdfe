"""Addresses that must never reach a customer as an applet's, and unusual ones that may.

Each of them is used in a header unchanged, except those that only a body can contain (HOSTILE_LINKS). Plain http on
127.0.0.1 is not listed: it is allowed while the site's API domain is on loopback itself.
"""

HOSTILE_REDIRECTS: tuple[str, ...] = (
    # Other hosts
    "https://evil.example/download/1",
    "https://www.example.com/",
    "https://com/",
    "https://localhost/",
    # Look-alikes
    "https://evilstartcontrol.com/",
    "https://startcontrol.com.evil.example/",
    "https://applets.startcontrol.com.evil.example/",
    "https://applets-startcontrol.com/",
    "https://startcontrol.co/",
    "https://startcontrol.comm/",
    "https://applets.startcontr0l.com/",
    "https://swi-rc.com.evil.example/",
    "https://notswi-rc.com/",
    "https://swi-rc.com/",  # *.swi-rc.com is all below it, not itself
    "https://.startcontrol.com/",
    "https://applets.startcontrol.com./",
    "https://applets..startcontrol.com/",
    # User info
    "https://applets.startcontrol.com@evil.example/",
    "https://applets.startcontrol.com:443@evil.example/",
    "https://user@applets.startcontrol.com/",
    "https://user:word@applets.startcontrol.com/",
    "https://@applets.startcontrol.com/",
    "https://evil.example%40applets.startcontrol.com/",
    # Ports
    "https://applets.startcontrol.com:8443/",
    "https://applets.startcontrol.com:80/",
    "https://applets.startcontrol.com:0/",
    "https://applets.startcontrol.com:65536/",
    "https://applets.startcontrol.com:-443/",
    "https://applets.startcontrol.com:4４3/",
    "https://applets.startcontrol.com:https/",
    # Schemes
    "http://applets.startcontrol.com/",
    "ftp://applets.startcontrol.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "JavaScript://applets.startcontrol.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "blob:https://applets.startcontrol.com/1",
    "view-source:https://applets.startcontrol.com/",
    "ms-appinstaller:?source=https://applets.startcontrol.com/",
    "takecontrol://applets.startcontrol.com/",
    # Without a scheme, or malformed
    "//evil.example/",
    "https:evil.example/",
    "https:/evil.example/",
    "https:///evil.example/",
    "https:///applets.startcontrol.com/",
    "https://",
    "https:// applets.startcontrol.com/",
    # Backslashes, tabs, blanks, and fragments before the end of the host
    "https:\\\\evil.example\\",
    "https://evil.example\\.startcontrol.com/",
    "https://evil.example\\@applets.startcontrol.com/",
    "https://applets.startcontrol.com\\@evil.example/",
    "/\\evil.example/",
    "https://evil.example\t.startcontrol.com/",
    "ht\ttps://evil.example/",
    "https://evil.example#.startcontrol.com/",
    "https://evil.example?.startcontrol.com/",
    "https://evil.example/.startcontrol.com/",
    "https://evil.example;.startcontrol.com/",
    "https://applets.startcontrol.com/a b",
    # Encoded control characters in the host
    "https://evil.example%0d%0a.startcontrol.com/",
    "https://applets.startcontrol.com%0d%0aSet-Cookie:a=b/",
    "https://evil.example%00.startcontrol.com/",
    "https://evil.example%2f.startcontrol.com/",
    "https://evil.example%23.startcontrol.com/",
    # Unicode
    "https://evil。example/",
    "https://evil.example／.startcontrol.com/",
    "https://applets。startcontrol。com/",
    "https://applets.startcontrol․com/",
    "https://applets.ѕtartcontrol.com/",
    "https://xn--tartcontrol-9oi.com/",
    "https://applets.startcontrol.com/下载",
    # IP addresses instead of names
    "https://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://127.1/",
    "https://[v1.startcontrol.com]/",
    "https://[applets.startcontrol.com/",
    "http://127.0.0.1@evil.example/",
    "http://127.0.0.1.evil.example/",
    # Longer than any allowed address
    "https://applets.startcontrol.com/" + "a" * 2048,
)

HOSTILE_LINKS: tuple[str, ...] = (
    *HOSTILE_REDIRECTS,
    "ht\ntps://evil.example/",
    "https://evil.example\n.startcontrol.com/",
    "https://evil.example\r\n.startcontrol.com/",
    "https://applets.startcontrol.com/\r\nSet-Cookie: a=b",
    "https://evil.example\0.startcontrol.com/",
    "\x01https://evil.example/",
)

ALLOWED_REDIRECTS: tuple[str, ...] = (
    "https://applets.startcontrol.com/download/1",
    "https://startcontrol.com/download/1",
    "https://a.b.c.swi-rc.com/download/1?os=windows&x=a%20b",
    "https://get.us0.swi-tc.com/download/",
    "https://applets.startcontrol.com:443/download/1",
    "https://APPLETS.StartControl.COM/download/1",
    "HTTPS://applets.startcontrol.com/download/1",
    "https://applets.startcontrol.com/%e4%b8%8b%e8%bd%bd",
)
