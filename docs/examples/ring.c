/* SPDX-License-Identifier: MIT */
/* ring PORT CERT KEY: greets whoever asks. The ring is its own: it accepts on it (user_data 0). */
#include <ktls/uring.h>
#include <arpa/inet.h>
#include <liburing.h>
#include <stdlib.h>

static char text[] = "HTTP/1.0 200 OK\r\nContent-Length: 14\r\n\r\nit is a ring!\n";

static void
step(struct ktls_stream *s, void *arg, ssize_t n) /* after handshake, send and shutdown */
{
	if ((n != 0 || ktls_stream_send(s, arg, sizeof(text) - 1, 0, 5000, step) != 0) &&
	    (n != sizeof(text) - 1 || ktls_stream_shutdown(s, 5000, step) != 0))
		ktls_stream_close(s);	/* an error; or the end, after which no send is taken */
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	struct ktls_config *cfg;
	struct ktls_stream *s;
	struct ktls_uring *u;

	if (argc != 4 || (at.sin_port = htons((uint16_t)atoi(argv[1]))) == 0 ||
	    bind(fd, (void *)&at, sizeof(at)) || listen(fd, 64) || ktls_config_new(&cfg) ||
	    ktls_config_identity(cfg, argv[2], argv[3]) || io_uring_queue_init(64, &ring, 0) ||
	    ktls_uring_attach(&u, &ring, &(struct ktls_uring_share){ 1, 3000, 0 }))
		return 1;
	io_uring_prep_multishot_accept(io_uring_get_sqe(&ring), fd, NULL, NULL, 0);
	for (signal(SIGPIPE, SIG_IGN); io_uring_submit_and_wait(&ring, 1) >= 0 &&
	    !io_uring_peek_cqe(&ring, &cqe); io_uring_cqe_seen(&ring, cqe), ktls_uring_flush(u))
		if (!ktls_uring_cqe(u, cqe) && ktls_stream_new(&s, u, cfg, KTLS_SERVER, cqe->res,
		    NULL, text) == 0 && ktls_stream_handshake(s, step) != 0)
			ktls_stream_close(s);
}
