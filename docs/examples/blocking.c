/* SPDX-License-Identifier: MIT */
/* blocking PORT CERT KEY FILE: sends FILE to the first client (curl --http0.9) */
#include <ktls.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int
main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, file;
	struct ktls_config *cfg = NULL;
	struct ktls_conn *c = NULL;
	struct stat st;
	ssize_t err;

	at.sin_port = htons(argc == 5 ? (uint16_t)atoi(argv[1]) : 0);
	if (argc != 5 || (file = open(argv[4], O_RDONLY)) < 0 || fstat(file, &st) != 0 ||
	    bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(listener, 1) != 0 || (fd = accept(listener, NULL, NULL)) < 0)
		return perror("blocking PORT CERT KEY FILE"), 1;

	if ((err = ktls_config_new(&cfg)) == 0 &&
	    (err = ktls_config_identity(cfg, argv[2], argv[3])) == 0 &&
	    (err = ktls_conn_new(&c, cfg, KTLS_SERVER, fd, NULL)) == 0 &&
	    (err = ktls_conn_handshake(c)) == 0 &&
	    (err = ktls_conn_sendfile(c, file, 0, (size_t)st.st_size)) == st.st_size)
		err = ktls_conn_shutdown(c);	/* close(fd) would lose what is still under way */

	if (err != 0)
		fprintf(stderr, "%s\n", c ? ktls_conn_reason_text(c) : ktls_config_error(cfg));
	ktls_conn_free(c);
	ktls_config_unref(cfg);
	return err != 0;
}
