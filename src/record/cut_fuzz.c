/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "record/cut.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct ktls_record *
some_record(void)
{
	static const struct ktls_keys keys = { .cipher = KTLS_AES_128_GCM, .version = KTLS_TLS13 };
	static struct ktls_crypto *crypto;
	static struct ktls_record *record;

	if (record == NULL && (ktls_crypto_new(&crypto, NULL, NULL) != 0 ||
	    ktls_record_new(&record, crypto, KTLS_RX, &keys) != 0))
		abort();
	return record;
}

/* The first byte says what the handshake is doing, the rest is what the peer sent. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cut cut = {0};
	struct slice in;
	int n;

	if (len == 0)
		return 0;
	cut.rec = data[0] & 1 ? some_record() : NULL;
	cut.ccs = data[0] & 2;
	cut.plain_alert = data[0] & 4;
	for (in = (struct slice){ data + 1, len - 1 };; in.p += n, in.len -= (size_t)n) {
		(void)cut_is_http(in);
		n = cut_len(&cut, in);
		if ((n == 0) != (in.len < KTLS_RECORD_HEADER) || n > KTLS_RECORD_MAX)
			abort();
		if (n < 0 && ktls_err_reason(n) == KTLS_R_NONE)
			abort();
		if (n <= 0 || (size_t)n > in.len)
			return 0;
		if (n < KTLS_RECORD_HEADER)
			abort();
		if (in.p[0] == KTLS_TYPE_CHANGE_CIPHER_SPEC && cut_ccs((struct slice){
		    in.p + KTLS_RECORD_HEADER, (size_t)n - KTLS_RECORD_HEADER }) != 0)
			return 0;
	}
}
