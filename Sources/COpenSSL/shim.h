// OpenSSL 3 as the distribution's libssl-dev ships it. Macros that Swift cannot import are wrapped here.
#pragma once
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
