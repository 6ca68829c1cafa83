/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <ktls/record.h>
#include "crypto/aead.h"

#define SALT_LEN	4		/* TLS 1.2 GCM and CCM: RFC 5288 3, RFC 6655 3 */
#define EXPLICIT_LEN	8
#define INNER_MAX	(KTLS_RECORD_PLAIN_MAX + 1)	/* RFC 8446 5.4: with the type */
#define LEGACY_VERSION	0x0303

struct ktls_record {
	struct ktls_crypto *crypto;
	struct aead aead;
	enum ktls_cipher cipher;
	enum ktls_dir dir;
	bool tls13;
	uint8_t explicit_len;		/* bytes of the nonce that each record carries */
	uint16_t limit;			/* RFC 8449, 0: none */
	unsigned padding;		/* to a multiple of this many bytes, 0: none */
	uint8_t iv[AEAD_NONCE_LEN];
	uint64_t seq;
	int err;			/* sealing has failed, for good */
};

static uint64_t
load64(const uint8_t *p)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static void
store64(uint8_t *p, uint64_t v)
{
	for (size_t i = 8; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

/* What a key needs besides the key. */
static void
take(struct ktls_record *record, const struct ktls_keys *keys)
{
	memcpy(record->iv, keys->iv, sizeof(record->iv));
	record->seq = keys->seq;
}

int
ktls_record_new(struct ktls_record **out, struct ktls_crypto *crypto, enum ktls_dir dir,
    const struct ktls_keys *keys)
{
	struct ktls_record *record;
	int err;

	if ((keys->version != KTLS_TLS12 && keys->version != KTLS_TLS13) ||
	    (unsigned)keys->cipher >= KTLS_CIPHERS)
		return -EINVAL;
	if ((record = OPENSSL_zalloc(sizeof(*record))) == NULL)
		return -ENOMEM;
	record->cipher = keys->cipher;
	record->dir = dir;
	record->tls13 = keys->version == KTLS_TLS13;
	/* RFC 7905: ChaCha20 makes its nonce as TLS 1.3 does. */
	if (!record->tls13 && keys->cipher != KTLS_CHACHA20_POLY1305)
		record->explicit_len = EXPLICIT_LEN;
	take(record, keys);
	if ((err = aead_init(&record->aead, crypto, keys->cipher, dir, keys->key)) != 0) {
		ktls_record_free(record);
		return err;
	}
	record->crypto = ktls_crypto_ref(crypto);
	*out = record;
	return 0;
}

void
ktls_record_free(struct ktls_record *record)
{
	if (record == NULL)
		return;
	aead_free(&record->aead);
	ktls_crypto_unref(record->crypto);
	explicit_bzero(record, sizeof(*record));
	OPENSSL_free(record);
}

int
ktls_record_rekey(struct ktls_record *record, const struct ktls_keys *keys)
{
	struct aead aead;
	int err;

	if (!record->tls13 || keys->version != KTLS_TLS13 || keys->cipher != record->cipher)
		return -EINVAL;
	if ((err = aead_init(&aead, record->crypto, keys->cipher, record->dir, keys->key)) != 0)
		return err;

	/* Nothing below can fail: the new keys are in force, or the old ones. */
	aead_free(&record->aead);
	record->aead = aead;
	take(record, keys);
	record->err = 0;
	return 0;
}

void
ktls_record_set_limit(struct ktls_record *record, uint16_t limit)
{
	record->limit = limit;
}

void
ktls_record_set_padding(struct ktls_record *record, unsigned multiple)
{
	record->padding = record->tls13 && multiple > 1 ? multiple : 0;
}

uint64_t
ktls_record_seq(const struct ktls_record *record)
{
	return record->seq;
}

size_t
ktls_record_offset(const struct ktls_record *record)
{
	return KTLS_RECORD_HEADER + (size_t)record->explicit_len;
}

/* The most that a record may protect: TLS 1.3 counts the type and the padding. */
static size_t
text_max(const struct ktls_record *record)
{
	size_t max = record->tls13 ? INNER_MAX : KTLS_RECORD_PLAIN_MAX;

	return record->limit != 0 && record->limit < max ? record->limit : max;
}

/* What a record protects of len bytes: with the type and the padding (RFC 8446 5.4). */
static size_t
text_len(const struct ktls_record *record, size_t len)
{
	size_t n = len + record->tls13, max = text_max(record), padded;

	if (record->padding == 0 || n > max)
		return n;
	padded = n + (record->padding - n % record->padding) % record->padding;
	return padded < max ? padded : max;
}

size_t
ktls_record_sealed_len(const struct ktls_record *record, size_t len)
{
	return ktls_record_offset(record) + text_len(record, len) + AEAD_TAG_LEN;
}

/*
 * RFC 8446 5.3 and RFC 7905 2: the IV XOR the sequence number. TLS 1.2 otherwise:
 * the salt, then what the record carries.
 */
static void
make_nonce(const struct ktls_record *record, const uint8_t *explicit, uint8_t *nonce)
{
	memcpy(nonce, record->iv, AEAD_NONCE_LEN);
	if (record->explicit_len != 0)
		memcpy(nonce + SALT_LEN, explicit, EXPLICIT_LEN);
	else
		store64(nonce + SALT_LEN, load64(nonce + SALT_LEN) ^ record->seq);
}

/* RFC 8446 5.2: the header. RFC 5246 6.2.3.3: seq, type, version, length of the text. */
static struct slice
make_aad(const struct ktls_record *record, const uint8_t *header, size_t len, uint8_t aad[13])
{
	struct writer w = wr_init(aad, 13);

	if (record->tls13)
		return (struct slice){ header, KTLS_RECORD_HEADER };
	store64(wr_room(&w, 8), record->seq);
	wr_bytes(&w, header, 3);
	wr_uint(&w, 2, len);
	return wr_written(&w);
}

/* The record's body; only where there is padding to write is the plaintext copied. */
static int
seal_body(struct ktls_record *record, const uint8_t *nonce, struct slice aad, uint8_t type,
    struct slice in, uint8_t *out)
{
	size_t len = text_len(record, in.len);

	if (len == in.len + record->tls13)
		return aead_seal(&record->aead, nonce, aad, in, record->tls13 ? type : -1, out);
	if (in.len != 0 && in.p != out)
		memcpy(out, in.p, in.len);
	out[in.len] = type;
	memset(out + in.len + 1, 0, len - in.len - 1);
	return aead_seal(&record->aead, nonce, aad, (struct slice){ out, len }, -1, out);
}

int
ktls_record_seal(struct ktls_record *record, uint8_t type, const void *in, size_t len, void *out)
{
	uint8_t nonce[AEAD_NONCE_LEN], aad[13], *rec = out;
	size_t offset = ktls_record_offset(record);
	struct writer w = wr_init(rec, offset);

	if (record->err != 0)
		return record->err;
	if (len > KTLS_RECORD_PLAIN_MAX || len + record->tls13 > text_max(record))
		return -EMSGSIZE;
	/* The last number is never used: the one after it would be 0, a nonce's second time. */
	if (record->seq == UINT64_MAX)
		return record->err = -EOVERFLOW;

	wr_u8(&w, record->tls13 ? KTLS_TYPE_APPLICATION_DATA : type);
	wr_u16(&w, LEGACY_VERSION);
	wr_uint(&w, 2, ktls_record_sealed_len(record, len) - KTLS_RECORD_HEADER);
	wr_bytes(&w, record->iv + SALT_LEN, record->explicit_len);
	make_nonce(record, rec + KTLS_RECORD_HEADER, nonce);
	record->err = seal_body(record, nonce, make_aad(record, rec, len, aad), type,
	    (struct slice){ in, len }, rec + offset);
	explicit_bzero(nonce, sizeof(nonce));		/* the first one is the IV */
	if (record->err != 0)
		return record->err;
	record->seq++;
	if (record->explicit_len != 0)
		store64(record->iv + SALT_LEN, load64(record->iv + SALT_LEN) + 1);
	return 0;
}

static bool
type_valid(const struct ktls_record *record, uint8_t type)
{
	if (record->tls13)
		return type == KTLS_TYPE_APPLICATION_DATA;
	return type >= KTLS_TYPE_ALERT && type <= KTLS_TYPE_APPLICATION_DATA;
}

int
ktls_record_len(const struct ktls_record *record, const void *header)
{
	struct reader r = rd_init((struct slice){ header, KTLS_RECORD_HEADER });
	uint8_t type = rd_u8(&r);
	uint16_t version = rd_u16(&r);
	size_t len = rd_u16(&r);
	size_t limit = record->limit != 0 ? text_max(record) + record->explicit_len + AEAD_TAG_LEN :
	    KTLS_RECORD_CIPHER_MAX;

	if (!type_valid(record, type))
		return KTLS_REFUSED(KTLS_R_RECORD_TYPE);
	if (version != LEGACY_VERSION)
		return KTLS_REFUSED(KTLS_R_RECORD_VERSION);
	if (len > limit)
		return KTLS_REFUSED(KTLS_R_RECORD_OVERFLOW);
	return KTLS_RECORD_HEADER + (int)len;
}

/* TLSInnerPlaintext, RFC 8446 5.4: the type is the last byte that isn't zero. */
static int
strip(uint8_t *text, size_t *len, uint8_t *type)
{
	size_t n = *len;

	while (n != 0 && text[n - 1] == 0)
		n--;
	if (n == 0)
		return KTLS_REFUSED(KTLS_R_RECORD_NO_TYPE);
	*type = text[n - 1];
	*len = n - 1;
	return 0;
}

/* What may be inside; a protected change_cipher_spec may not (RFC 8446 5). */
static int
check_content(uint8_t type, size_t len)
{
	if (type < KTLS_TYPE_ALERT || type > KTLS_TYPE_APPLICATION_DATA)
		return KTLS_REFUSED(KTLS_R_RECORD_TYPE);
	if (len == 0 && type != KTLS_TYPE_APPLICATION_DATA)
		return KTLS_REFUSED(KTLS_R_RECORD_EMPTY);
	return 0;
}

int
ktls_record_open(struct ktls_record *record, void *rec, size_t len, uint8_t *type,
    void **plain, size_t *plain_len)
{
	size_t offset = ktls_record_offset(record), n;
	uint8_t nonce[AEAD_NONCE_LEN], aad[13], *bytes = rec, inner;
	int err;

	if (len < KTLS_RECORD_HEADER)
		return -EINVAL;
	if ((err = ktls_record_len(record, rec)) < 0)
		return err;
	if (len != (size_t)err)
		return -EINVAL;			/* no whole record: the caller's mistake */
	if (record->seq == UINT64_MAX)
		return -EOVERFLOW;
	if (len < offset + AEAD_TAG_LEN)
		return KTLS_REFUSED(KTLS_R_BAD_RECORD_MAC);

	n = len - offset - AEAD_TAG_LEN;
	make_nonce(record, bytes + KTLS_RECORD_HEADER, nonce);
	err = aead_open(&record->aead, nonce, make_aad(record, bytes, n, aad),
	    bytes + offset, len - offset);
	explicit_bzero(nonce, sizeof(nonce));
	if (err != 0)
		return err == -EBADMSG ? KTLS_REFUSED(KTLS_R_BAD_RECORD_MAC) : err;
	inner = bytes[0];
	if (n > text_max(record))
		return KTLS_REFUSED(KTLS_R_RECORD_OVERFLOW);
	if ((record->tls13 && (err = strip(bytes + offset, &n, &inner)) != 0) ||
	    (err = check_content(inner, n)) != 0)
		return err;

	/* Nothing below can fail: the record counts here or not at all. */
	record->seq++;
	*type = inner;
	*plain = bytes + offset;
	*plain_len = n;
	return 0;
}
