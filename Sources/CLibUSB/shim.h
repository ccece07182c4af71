// libusb 1.0 as the distribution's libusb-1.0-0-dev ships it.
#pragma once
#include <libusb-1.0/libusb.h>
