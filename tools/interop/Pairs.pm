# SPDX-License-Identifier: MIT
#
# Which combinations are tried: enough that every pair of values which can meet does so
# (all-pairs), or every combination that there is (the full product).
package Pairs;
use strict;
use warnings;

# What a value can't be combined with, by itself: everything else is possible.
#   dimensions: [ [ name => value... ]... ]; impossible: sub (dim, value, dim, value)
sub new
{
	my ($class, %self) = @_;

	$self{names} = [ map { $_->[0] } @{ $self{dimensions} } ];
	$self{values} = { map { my ($name, @values) = @$_; $name => \@values } @{ $self{dimensions} } };
	return bless \%self, $class;
}

sub _fits
{
	my ($self, $row, $dim, $value) = @_;

	for my $other (keys %$row) {
		next if $other eq $dim;
		return 0 if $self->{impossible}->($dim, $value, $other, $row->{$other}) ||
		    $self->{impossible}->($other, $row->{$other}, $dim, $value);
	}
	return 1;
}

sub product
{
	my ($self) = @_;
	my @rows = ({});

	for my $dim (@{ $self->{names} }) {
		@rows = map { my $row = $_; map { { %$row, $dim => $_ } }
		    grep { $self->_fits($row, $dim, $_) } @{ $self->{values}{$dim} } } @rows;
	}
	return @rows;
}

sub _key { join "\0", map { @$_ } sort { $a->[0] cmp $b->[0] } @_ }

# The values of the other dimensions, each the one that meets most for the first time.
# Nothing where the row can't be completed.
sub _complete
{
	my ($self, $row, $open) = @_;

	for my $dim (@{ $self->{names} }) {
		my ($best, $most) = (undef, -1);

		next if exists $row->{$dim};
		my @values = @{ $self->{values}{$dim} };
		# Ties go to another value each time.
		push @values, splice @values, 0, $self->{turn}{$dim}++ % @values;
		for my $value (@values) {
			next if !$self->_fits($row, $dim, $value);
			my $new = grep { $open->{ _key([ $dim, $value ], [ $_, $row->{$_} ]) } } keys %$row;

			($best, $most) = ($value, $new) if $new > $most;
		}
		return if !defined $best;
		$row->{$dim} = $best;
	}
	return $row;
}

# with: only the pairs that have this dimension; its values then meet all others, and of the
# rest each value comes once.
sub pairs
{
	my ($self, $with) = @_;
	my @names = @{ $self->{names} };
	my (%open, @order, @rows);

	for my $i (0 .. $#names) {
		for my $j ($i + 1 .. $#names) {
			next if defined $with && $names[$i] ne $with && $names[$j] ne $with;
			for my $a (@{ $self->{values}{ $names[$i] } }) {
				for my $b (@{ $self->{values}{ $names[$j] } }) {
					my @pair = ([ $names[$i], $a ], [ $names[$j], $b ]);

					$open{ _key(@pair) } = 1;
					push @order, \@pair;
				}
			}
		}
	}
	$self->{turn} = {};
	for my $pair (@order) {
		next if !$open{ _key(@$pair) };
		my ($first, $second) = @$pair;
		my $row = { $first->[0] => $first->[1] };

		delete $open{ _key(@$pair) };
		next if !$self->_fits($row, @$second);
		$row->{ $second->[0] } = $second->[1];
		$row = $self->_complete($row, \%open) or next;
		for my $a (@names) {
			delete $open{ _key([ $a, $row->{$a} ], [ $_, $row->{$_} ]) } for grep { $_ ne $a } @names;
		}
		push @rows, $row;
	}
	return @rows;
}

1;
