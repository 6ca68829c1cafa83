# SPDX-License-Identifier: MIT
# Python's ssl: peer.py, with the system's python3.
package Python;
use strict;
use warnings;
use parent 'Program';

sub program
{
	my ($self) = @_;
	my ($python) = grep { -x } '/usr/bin/python3', map { "$_/python3" } split /:/, $ENV{PATH};

	return defined $python ? ($python, "$self->{here}/peers/peer.py") : ();
}

# Its set_ecdh_curve() takes one, and never X25519.
sub impossible
{
	my ($self, $role, $dim, $value, $other, $with) = @_;

	return $dim eq 'feature' && $value eq 'hello-retry' && $other eq 'group' && $with eq 'X25519';
}

sub notes { "Python's set_ecdh_curve() takes one name, and not X25519's: there is no HelloRetryRequest for X25519." }

1;
