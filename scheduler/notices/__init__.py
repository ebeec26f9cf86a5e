"""Notices of Văn phòng: written, approved, sent, confirmed, corrected.

Chat and console call the same functions. Actions take an open session and commit nothing; they raise
office.refusal.Refused with nothing changed, and write an audit row in the same transaction.
"""
