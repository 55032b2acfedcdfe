"""Ways to open a session, one file each."""


def open_backend(site, key, calls, folder):
    raise NotImplementedError
