"""Simulators of the bodies outside: what answers the portal's adapters in the demo and in tests, and nowhere else.

One small process of its own: `python -m simulators --port N --folder DIR [--portal URL]`, standard library and
waitress. It imports nothing of the portal, and the portal nothing of it: they meet over HTTP, as with the real thing.

To add one, add a module here with

    TITLE = ("البنك", "The bank")            # Arabic, English
    application(environ, start_response)     # WSGI; frame.application(handle) makes one of a function

It is found by itself and mounted under its name: the module `sign_on` under /sign-on, `bank` under /bank. SCRIPT_NAME
and PATH_INFO are as WSGI has them. `environ` holds besides

    simulators.folder    a pathlib.Path of its own, for what it keeps (frame.Store)
    simulators.portal    where the portal answers, for webhooks; "" when nobody said

A module may have `background(folder, portal)`, run once in a thread of its own. A secret that portal and simulator
share is `frame.shared_secret(folder, NAME)` here and `demo_secret(VAR / "simulators" / "bank", NAME)` in the portal's
settings: whoever asks first makes it. In the demo the setting SIMULATORS_URL says where this process answers.
"""
