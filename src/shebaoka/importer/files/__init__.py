"""Reading the old system's files, in whatever format and encoding: rows as clean CSV, odd rows by line and reason."""

from shebaoka.importer.files.digest import digest_of as digest_of
from shebaoka.importer.files.opening import format_of as format_of
from shebaoka.importer.files.opening import is_a_row as is_a_row
from shebaoka.importer.files.opening import open_source as open_source
from shebaoka.importer.files.opening import open_table as open_table
from shebaoka.importer.files.photos import OddPhoto as OddPhoto
from shebaoka.importer.files.photos import Photo as Photo
from shebaoka.importer.files.photos import PhotoReason as PhotoReason
from shebaoka.importer.files.photos import photos as photos
from shebaoka.importer.files.photos import photos_named as photos_named
from shebaoka.importer.files.shape import Block as Block
from shebaoka.importer.files.shape import Odd as Odd
from shebaoka.importer.files.shape import OddReason as OddReason
from shebaoka.importer.files.shape import Source as Source
from shebaoka.importer.files.shape import csv_field as csv_field
