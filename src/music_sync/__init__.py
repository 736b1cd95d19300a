"""Music Sync: what a person likes on Spotify, SoundCloud or YouTube arrives by itself in their own library.

The folders, from the outside in; each may import only those below it:

    cli       one file a command group, the only place that prints
    demo      synthesised music and loopback services, for `demo` and the tests
    web       dashboard and webhook routes
    wiring    settings -> adapters -> flows
    settings  every setting; the only reader of the environment
    triggers  what starts a flow: clock, board, webhook
    flows     the durable stories, told in stages
    track     a track's journey, one stage a file
    task      a task's journey, one stage a file
    adapters  the only code that talks to the world
    audio     signal code: arrays in, numbers out
    model     the nouns, the errors and the ports
"""

__version__ = "0.1.0"
