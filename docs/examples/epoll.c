/* SPDX-License-Identifier: MIT */
/* epoll CAFILE 3<>/dev/tcp/localhost/8443: fetches / and waits in epoll_wait() alone. */
#include <ktls.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>

static int
fetch(struct ktls_conn *c, int *step) /* goes on where it was: -EAGAIN, or the end */
{
	char buf[16384];
	ssize_t n = 0;

	if (*step == 0 && (n = ktls_conn_handshake(c)) == 0)
		*step = 1;
	if (*step == 1 && (n = ktls_conn_send(c, "GET / HTTP/1.0\r\n\r\n", 18, 0)) == 18)
		*step = 2;
	while (*step == 2 && (n = ktls_conn_recv(c, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)n, stdout);
	return n < 0 ? (int)n : ktls_conn_shutdown(c);
}

int
main(int argc, char **argv)
{
	int fd = 3, ep = epoll_create1(0), step = 0, err;
	struct epoll_event ev = {0};
	struct ktls_config *cfg;
	struct ktls_conn *c;

	if (argc != 2 || fcntl(fd, F_SETFL, O_NONBLOCK) || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) ||
	    ktls_config_new(&cfg) != 0 || ktls_config_trust_file(cfg, argv[1]) != 0 ||
	    ktls_conn_new(&c, cfg, KTLS_CLIENT, fd, &(struct ktls_hs_params){ "localhost", 0, 0 }))
		return 2;
	while ((err = fetch(c, &step)) == -EAGAIN && (ev.events = (uint32_t)ktls_conn_events(c)) &&
	    epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev) == 0)
		epoll_wait(ep, &ev, 1, ktls_conn_timeout(c));
	return err != 0 ? fprintf(stderr, "%s\n", ktls_conn_reason_text(c)), 1 : 0;
}
