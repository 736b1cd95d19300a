"""Settings -> adapters -> flows: the only room that names concrete adapters.

state      databases and library, opened or copied
sources    what a round asks
views      what shows the library to other programs
journey    the stages with their adapters
rounds     sync, retry, plan
answers    review and undo
replacing  a better file in the place of what is filed
cycle      the orchestrator, its clock, board and desk
serving    what the server is made from
dashboard  what its pages read, from one open catalogue
"""
