# SPDX-License-Identifier: MIT
# Go's crypto/tls: peer.go, compiled once.
package Go;
use strict;
use warnings;
use parent 'Program';
use Process;

sub program
{
	my ($self) = @_;
	my ($source, $program) = ("$self->{here}/peers/peer.go", "$self->{build}/interop/peer_go");

	return if Process::output('go', 'version') eq '';
	mkdir "$self->{build}/interop";
	if (!-e $program || -M $program > -M $source) {
		my $said = Process::output('env', 'GO111MODULE=off', 'CGO_ENABLED=0', 'go', 'build', '-o', $program, $source);

		die "go build: $said" if $? != 0;
	}
	return ($program);
}

# What a client that isn't shown a certificate is told.
sub alert
{
	return 'bad_certificate';
}

# From 1.19.6 on its binders are wrong after a HelloRetryRequest (golang/go#59424): then it is
# its client's own choice of group that stands.
sub adjust
{
	my ($self, $role, $row) = @_;

	$row->{chooser} = 'peer' if $role eq 'client' && $row->{feature} eq 'ticket' && $row->{version} eq '1.3';
	return 1;
}

sub notes { "Go's client makes wrong binders after a HelloRetryRequest (golang/go#59424): not tried together." }

1;
