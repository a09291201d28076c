"""A Mixpanel to try things on: the real API over loopback, with invented shop data.

It is a server that the ordinary client talks to, never a branch in the client.
"""
