-- Which process took the lead last: a number that it drew at random when it began. A process whose attempt to take the lead
-- was carried out but not confirmed (the disk filled up in between) must not be shut out by its own attempt.
ALTER TABLE lead ADD COLUMN incarnation INTEGER NOT NULL DEFAULT 0;
