"""Bidders in auctions: plain functions from what a thing is worth to what to bid."""
