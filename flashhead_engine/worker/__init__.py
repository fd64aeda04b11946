"""The inference worker: holds the talking heads of every client on this machine and publishes their frames in time.

server.py       sockets, on the control thread: who may speak, what is a message, who is still there
heads.py        the compute thread: every head's turn, in the order that scheduler.py says
head.py         one talking head: its queue of utterances, its clock, its rings
utterance.py    the audio of one utterance, on its way to the driver
"""
