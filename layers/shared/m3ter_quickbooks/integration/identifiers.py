"""Identifiers of what an operator sets up, typed so that one cannot be taken for another."""

from typing import NewType

ConfigurationId = NewType("ConfigurationId", str)
CredentialId = NewType("CredentialId", str)
MappingId = NewType("MappingId", str)
UserId = NewType("UserId", str)
