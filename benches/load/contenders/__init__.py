"""The kinds of proxies that are compared: a module for each, with how it is configured and started.

All are configured alike: one worker, the client's Host passed on, X-Real-IP, X-Forwarded-For
(appended to) and X-Forwarded-Proto added, 128 idle upstream connections kept, no access log and no
compression unless the scenario is about them. Where nginx's defaults would cost it something that
the others do not pay (temporary files for large responses) they are raised.

Each module has `VERSION`, the argument by which the program tells its version (None: it does not),
`can(setup)`, and `command(program, folder, port, origin, setup)`, which writes the configuration and
returns how it is started.
"""
