//! The rules of the twin, each of which can be switched off, to show that a comparison would miss it.

use std::cell::Cell;

macro_rules! rules {
    ($($rule:ident,)*) => {
        /// One rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Rule {
            $($rule,)*
        }

        /// Every rule.
        pub(crate) const ALL: &[Rule] = &[$(Rule::$rule,)*];
    };
}

rules! {
    OnlyAccountsHaveIdentityPolicies,
    RootHasNoIdentityPolicies,
    ScpsBindOnlyAccounts,
    UnreadableEffectsMayDeny,
    UnreadableEffectsOfCeilingsMayAllow,
    UnknownVariablesAreOpen,
    OperatorsIgnoreCase,
    ConditionsAreAnded,
    UnknownKeysAreOpen,
    NullLooksAtEmptiness,
    IfExistsHoldsOnAbsent,
    ForAllValuesHoldsOnAbsent,
    ForAnyValueFailsOnAbsent,
    NegatedHoldsOnAbsent,
    PositiveFailsOnAbsent,
    ValuesAreOred,
    NegatedValuesAreNored,
    ForAllValuesHoldsOnEmpty,
    ForAllValuesWantsAll,
    ForAnyValueFailsOnEmpty,
    ForAnyValueWantsOne,
    EqualsHasNoWildcards,
    IgnoreCaseIgnoresCase,
    LikeHasWildcards,
    ArnStarFitsAll,
    ArnPartsAreApart,
    NegatedArnsOfNoArnAreOpen,
    BinaryIsComparedByBytes,
    LessIsLess,
    GreaterIsGreater,
    EqualsIsEqual,
    DatesMayBeSeconds,
    DatesHaveOffsets,
    AddressesHaveMasks,
    ArnPartsHoldVariables,
    ShortArnsWithVariablesAreWhole,
    UnknownAccountIsTriedInAllWays,
    UnknownRcpSupportIsTriedInAllWays,
    SomeActionsNeedNoPermission,
    ScpsSpareTheManagementAccount,
    ScpsSpareServiceLinkedRoles,
    RcpsReachSomeServices,
    RcpsSpareTheManagementAccount,
    RcpsSpareServiceLinkedRoles,
    RcpsSpareRetireGrant,
    RcpsSpareKeysOfAws,
    RcpsSpareAssumingLinkedRoles,
    OwnersRootKeepsTheBucketPolicy,
    DenyInRcp,
    DenyInScp,
    DenyInEndpoint,
    DenyInResource,
    DenyInIdentity,
    DenyInBoundary,
    DenyInSession,
    DenyBeatsAllow,
    RootAssumesNoRole,
    SomeCredentialsCannotCall,
    RcpLevelsWithoutAllowPass,
    EveryScpLevelMustAllow,
    EndpointsCap,
    BoundariesCap,
    FederatedUsersNeedASessionPolicy,
    SessionPoliciesCap,
    RootMayDoAll,
    AcrossAccountsBothMustAllow,
    DirectGrantsAreFinal,
    RoleGrantsNeedNoIdentityPolicy,
    BoundariesCapRoleGrants,
    SessionPoliciesCapRoleGrants,
    AccountGrantsOnlyDelegate,
    KeyPoliciesMustAllow,
    TrustPoliciesMustAllow,
    MissingPoliciesAreOpen,
    RefusedDeniesAreOpen,
    RefusedAllowsOfCeilingsAreOpen,
    RefusedAllowsGrantNothing,
    RefusedStatementsKeepTheirActions,
    VariablesAreLiteralText,
    VariablesNeedVersion,
    EscapesAreCharacters,
    VariablesTakeOneValue,
    VariablesHaveDefaults,
    VariableWithoutValueFitsNothing,
    StarIsEveryone,
    ServicesAreNamed,
    ProvidersAreNamed,
    CanonicalUsersAreAccounts,
    AccountsAreNamedById,
    AccountsAreNamedByRoot,
    UniqueIdsAreNamed,
    RolesWithoutPathAreNamedByName,
    SessionsAreNamed,
    RolesAreNamed,
    FederatingUsersAreNamed,
    UnknownIdsAreOpen,
    ActionsIgnoreCase,
    ActionsHaveWildcards,
    NotActionNegates,
    NotResourceNegates,
    ActionsWithoutResourceNeedStar,
    UnknownResourceIsOpen,
    NotPrincipalHitsBoundaries,
    NotPrincipalNegates,
    NotPrincipalOfAccountSparesNoUsers,
    NotPrincipalSparesSurelyBesideTheAccount,
    NotPrincipalSparesSessionsBesideTheRole,
    NotPrincipalOfSessionsSparesNoOthers,
    BoundariesMayBeNone,
    GatewayAccountsAreTheirRoot,
    AccountsOfRootAreScoped,
    ResourcesRespectCase,
    ResourcePartsAreApart,
    ShortPatternsFitTheRest,
    RelativePatternsAreOfTheApi,
    ListingBucketsIsOnAllBuckets,
    PartitionIsTheCallers,
}

thread_local! {
    /// The rules that were asked for since [`forget_asked`], each a bit.
    static ASKED: Cell<u128> = const { Cell::new(0) };
}

/// Starts anew to note which rules are asked for.
pub(crate) fn forget_asked() {
    ASKED.set(0);
}

/// The rules that were asked for. Without any other rule the twin would have said the same.
pub(crate) fn asked() -> impl Fn(Rule) -> bool {
    let asked = ASKED.get();
    move |rule| asked & bit(rule) != 0
}

fn bit(rule: Rule) -> u128 {
    1_u128.checked_shl(rule as u32).unwrap()
}

/// All rules, or all but one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rules {
    pub(crate) off: Option<Rule>,
}

impl Rules {
    /// Whether a rule is followed.
    pub(crate) fn on(self, rule: Rule) -> bool {
        ASKED.set(ASKED.get() | bit(rule));
        self.off != Some(rule)
    }
}
