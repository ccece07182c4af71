// What can be done to a server; each prints one JSON object.
#pragma once

void ping();
void flood();
void rate();
void idle();
