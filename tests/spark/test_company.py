"""Preparing a list on Spark gives what preparing it here gives."""

from typing import Any

import pytest
from pyspark.sql import SparkSession

from accountmap.errors import InputError
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES
from accountmap.session.own_side import left_out, withheld
from accountmap.spark import prepare
from accountmap.spark.dedupe import features
from accountmap.spark.frames import checkpoint
from accountmap.spark.prepare import distinct_keys
from accountmap.trust.sharing import JointFilter
from tests.spark.lists import assert_same, assert_same_keys, company_list
from tests.spark.scaling_page import workers_of


def test_crowds_and_decisions_give_what_they_give_here_though_the_worker_is_killed(
    spark: SparkSession, company: dict[str, Any]
) -> None:
    assert workers_of(spark) - {company["killed"]}, "another was started in its place"
    accounts, frames = company_list(), company["prepared"]
    here = prepare_accounts(accounts, PROFILES["standard"], company["decisions"])
    assert_same(frames, here)
    no_part = left_out(here, withheld(accounts, here, JointFilter()))
    assert frames.entities.toArrow().sort_by("entity_id")["off_limits"].to_pylist() == no_part.tolist()


def test_the_slots_of_another_profile_are_filled_as_here(
    spark: SparkSession, company: dict[str, Any], folder: str
) -> None:
    profile = PROFILES["identifiers"]
    worked = checkpoint(features(spark.read.parquet(f"{company['folder']}/accounts"), profile, None), folder, "f")
    keys = worked.selectExpr("account_id", "inline(candidates)").join(company["prepared"].members, "account_id")
    here = prepare_accounts(company_list(), profile, company["decisions"])
    assert_same_keys(distinct_keys(keys, profile), here)


def test_an_input_without_a_column_is_refused_before_anything_runs(spark: SparkSession, folder: str) -> None:
    with pytest.raises(InputError, match="no column domain, website"):
        prepare(
            spark.createDataFrame([], "account_id string, segment string, name string"),
            PROFILES["standard"],
            folder,
        )
