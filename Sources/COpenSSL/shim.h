// OpenSSL 3 as the distribution's libssl-dev ships it. Macros that Swift cannot import are wrapped here.
#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

// ---- the bytes below TLS ----

// What a TLS connection reads from and writes to in place of a socket. The input is lent for the time of one call, the
// output gathers until somebody sends it: nothing is copied but into and out of OpenSSL's own records.
struct copenssl_wire {
  const unsigned char *input;
  size_t input_count;
  unsigned char *output;
  size_t output_count;
  size_t output_capacity;
};

static inline int copenssl_wire_read(BIO *bio, char *to, size_t limit, size_t *count) {
  struct copenssl_wire *wire = (struct copenssl_wire *)BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (wire->input_count == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  size_t taken = limit < wire->input_count ? limit : wire->input_count;
  memcpy(to, wire->input, taken);
  wire->input += taken;
  wire->input_count -= taken;
  *count = taken;
  return 1;
}

static inline int copenssl_wire_write(BIO *bio, const char *from, size_t length, size_t *count) {
  struct copenssl_wire *wire = (struct copenssl_wire *)BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (wire->output_count + length > wire->output_capacity) {
    size_t capacity = 2 * (wire->output_count + length);
    unsigned char *larger = (unsigned char *)realloc(wire->output, capacity);
    if (!larger) return 0;
    wire->output = larger;
    wire->output_capacity = capacity;
  }
  memcpy(wire->output + wire->output_count, from, length);
  wire->output_count += length;
  *count = length;
  return 1;
}

static inline long copenssl_wire_control(BIO *bio, int command, long number, void *pointer) {
  (void)bio, (void)number, (void)pointer;
  // What is written is on the wire at once, so there is nothing to flush; no other command has a meaning here.
  return command == BIO_CTRL_FLUSH;
}

static inline int copenssl_wire_create(BIO *bio) {
  BIO_set_init(bio, 1);
  return 1;
}

// The kind of BIO that leads to a wire. Made once per user, never freed.
static inline BIO_METHOD *copenssl_wire_method(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
  if (!method) return NULL;
  BIO_meth_set_read_ex(method, copenssl_wire_read);
  BIO_meth_set_write_ex(method, copenssl_wire_write);
  BIO_meth_set_ctrl(method, copenssl_wire_control);
  BIO_meth_set_create(method, copenssl_wire_create);
  return method;
}

// ---- TLS ----

static inline int copenssl_set_versions(SSL_CTX *context, int minimum, int maximum) {
  return SSL_CTX_set_min_proto_version(context, minimum) && SSL_CTX_set_max_proto_version(context, maximum);
}
static inline int copenssl_set_groups(SSL_CTX *context, const char *groups) {
  return (int)SSL_CTX_set1_groups_list(context, groups);
}
static inline int copenssl_set_signature_algorithms(SSL_CTX *context, const char *algorithms) {
  return (int)SSL_CTX_set1_sigalgs_list(context, algorithms);
}
// OpenSSL takes its own reference to the certificate.
static inline int copenssl_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
static inline int copenssl_set_server_name(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}
static inline const char *copenssl_negotiated_group(SSL *ssl) {
  int group = (int)SSL_get_negotiated_group(ssl);
  return group > 0 ? SSL_group_to_name(ssl, group) : NULL;
}
static inline void copenssl_set_habits(SSL_CTX *context, int resumes, int renegotiates) {
  if (!resumes) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  }
  if (!renegotiates) SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}
// Goes on whatever verification found; SSL_get_verify_result still tells it.
static inline int copenssl_go_on(int is_good, X509_STORE_CTX *context) {
  (void)is_good, (void)context;
  return 1;
}
static inline void copenssl_verify_without_consequence(SSL_CTX *context) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, copenssl_go_on);
}
// Answers the name that a client asks for by the warning unrecognized_name, which OpenSSL sends in TLS 1.2 only.
static inline int copenssl_warn_of_name(SSL *ssl, int *alert, void *data) {
  (void)data;
  if (!SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) return SSL_TLSEXT_ERR_NOACK;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_WARNING;
}
static inline void copenssl_warn_of_names(SSL_CTX *context) {
  SSL_CTX_set_tlsext_servername_callback(context, copenssl_warn_of_name);
}
static inline int copenssl_reason(unsigned long error) { return ERR_GET_REASON(error); }
static inline int copenssl_is_ssl_error(unsigned long error) { return ERR_GET_LIB(error) == ERR_LIB_SSL; }

// ---- keys and certificates ----

static inline EVP_PKEY *copenssl_make_rsa_key(unsigned int bits) { return EVP_RSA_gen(bits); }
static inline EVP_PKEY *copenssl_make_ec_key(const char *curve) { return EVP_EC_gen(curve); }

// Adds an extension in the notation of OpenSSL's configuration files; the issuer's certificate is where "keyid" looks.
static inline int copenssl_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  if (!extension) return 0;
  int result = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return result;
}

static inline long copenssl_memory(BIO *bio, const unsigned char **bytes) { return BIO_get_mem_data(bio, bytes); }

// The names of a certificate; NULL where it has none. To be freed with copenssl_free_names.
static inline GENERAL_NAMES *copenssl_names(X509 *certificate) {
  return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline int copenssl_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
// The bytes of a DNS name (kind GEN_DNS) or an address (GEN_IPADD); NULL for other kinds.
static inline const ASN1_STRING *copenssl_name(const GENERAL_NAMES *names, int index, int *kind) {
  return (const ASN1_STRING *)GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), kind);
}
static inline void copenssl_free_names(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }

// The parts of a name as RFC 2253 writes them: CN=leaf,O=wsrig.
static inline int copenssl_print_name(BIO *bio, const X509_NAME *name) {
  return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
}
static inline int copenssl_add_to_name(X509_NAME *name, const char *field, const char *value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0);
}
// Unencrypted PEM only: without this, OpenSSL would ask for a passphrase on the terminal.
static inline int copenssl_no_passphrase(char *buffer, int size, int writing, void *data) {
  (void)buffer, (void)size, (void)writing, (void)data;
  return -1;
}
static inline EVP_PKEY *copenssl_read_key(BIO *bio) {
  return PEM_read_bio_PrivateKey(bio, NULL, copenssl_no_passphrase, NULL);
}
static inline X509 *copenssl_read_certificate(BIO *bio) {
  return PEM_read_bio_X509(bio, NULL, copenssl_no_passphrase, NULL);
}
