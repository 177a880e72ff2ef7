// Functions and classes of libraries that honest files call while they load: each builds an array, a tensor or a container and does
// nothing else. Classes of estimators are in `estimators.ts`, which a script writes from the libraries themselves.

/** Universal functions of scipy.special (1.15 to 1.18): they compute, element by element. Pickles name the private module of each. */
const specialFunctions =
  "agm airy airye bdtr bdtrc bdtri bdtrik bdtrin bei beip ber berp besselpoly beta betainc betaincc betainccinv betaincinv betaln " +
  "binom boxcox boxcox1p btdtria btdtrib cbrt chdtr chdtrc chdtri chdtriv chndtr chndtridf chndtrinc chndtrix cosdg cosm1 cotdg " +
  "dawsn digamma ellipe ellipeinc ellipj ellipk ellipkinc ellipkm1 elliprc elliprd elliprf elliprg elliprj entr erf erfc erfcinv " +
  "erfcx erfi erfinv eval_chebyc eval_chebys eval_chebyt eval_chebyu eval_gegenbauer eval_genlaguerre eval_hermite eval_hermitenorm " +
  "eval_jacobi eval_laguerre eval_legendre eval_sh_chebyt eval_sh_chebyu eval_sh_jacobi eval_sh_legendre exp1 exp10 exp2 expi expit " +
  "expm1 expn exprel fdtr fdtrc fdtri fdtridfd fresnel gamma gammainc gammaincc gammainccinv gammaincinv gammaln gammasgn gdtr gdtrc " +
  "gdtria gdtrib gdtrix hankel1 hankel1e hankel2 hankel2e huber hyp0f1 hyp1f1 hyp2f1 hyperu i0 i0e i1 i1e inv_boxcox inv_boxcox1p " +
  "it2i0k0 it2j0y0 it2struve0 itairy iti0k0 itj0y0 itmodstruve0 itstruve0 iv ive j0 j1 jn jv jve k0 k0e k1 k1e kei keip kelvin ker " +
  "kerp kl_div kn kolmogi kolmogorov kv kve log1p log_expit log_ndtr log_wright_bessel loggamma logit lpmv mathieu_a mathieu_b " +
  "mathieu_cem mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2 mathieu_sem modfresnelm modfresnelp modstruve nbdtr " +
  "nbdtrc nbdtri nbdtrik nbdtrin ncfdtr ncfdtri ncfdtridfd ncfdtridfn ncfdtrinc nctdtr nctdtridf nctdtrinc nctdtrit ndtr ndtri " +
  "ndtri_exp nrdtrimn nrdtrisd obl_ang1 obl_ang1_cv obl_cv obl_rad1 obl_rad1_cv obl_rad2 obl_rad2_cv owens_t pbdv pbvv pbwa pdtr " +
  "pdtrc pdtri pdtrik poch powm1 pro_ang1 pro_ang1_cv pro_cv pro_rad1 pro_rad1_cv pro_rad2 pro_rad2_cv pseudo_huber psi radian " +
  "rel_entr rgamma round shichi sici sindg smirnov smirnovi spence sph_harm stdtr stdtridf stdtrit struve tandg tklmbda " +
  "voigt_profile wofz wright_bessel wrightomega xlog1py xlogy y0 y1 yn yv yve zetac";

/** Module to exact names. Private modules of numpy moved from `numpy.core` to `numpy._core` with 2.0. */
export const safeLibraries: Readonly<Record<string, string>> = {
  numpy:
    "ndarray dtype matrix recarray record ma bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 intc intp uintp uint longlong float16 float32 float64 " +
    "longdouble float128 complex64 complex128 str_ unicode_ bytes_ string_ object_ void datetime64 timedelta64 generic number inexact floating integer " +
    "mean median std var sum min max amin amax nanmean nanmedian nanstd prod average percentile quantile argmax argmin clip where " +
    "asarray array nan_to_num reshape ravel squeeze transpose sort argsort cumsum unique concatenate stack hstack vstack round around",
  "numpy.core.multiarray": "_reconstruct scalar ndarray",
  "numpy._core.multiarray": "_reconstruct scalar ndarray",
  // What numpy before 1.0 called it.
  "numpy.core._internal": "_reconstruct",
  "numpy.core.numeric": "_frombuffer",
  "numpy._core.numeric": "_frombuffer",
  "numpy.core.records": "recarray record",
  "numpy._core.records": "recarray record",
  "numpy.dtypes": "*DType",
  "numpy.ma": "MaskedArray",
  "numpy.ma.core": "_mareconstruct MaskedArray MaskedConstant",
  "numpy.matrixlib.defmatrix": "matrix",
  "numpy.random": "RandomState Generator",
  "numpy.random.mtrand": "RandomState _rand __randomstate_ctor",
  "numpy.random._pickle": "__randomstate_ctor __generator_ctor __bit_generator_ctor",
  "numpy.random._mt19937": "MT19937",
  "numpy.random._pcg64": "PCG64 PCG64DXSM",
  "numpy.random._philox": "Philox",
  "numpy.random._sfc64": "SFC64",
  "numpy.random._generator": "Generator",
  "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
  "numpy.polynomial.polynomial": "Polynomial",
  "joblib.numpy_pickle": "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper",
  "joblib.numpy_pickle_compat": "NDArrayWrapper ZNDArrayWrapper",
  // A function that is cached nowhere, as pipelines of PyCaret have it; what else is in this module writes and reads files.
  "joblib.memory": "NotMemorizedFunc",
  "sklearn.externals.joblib.numpy_pickle": "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper",
  "sklearn.externals.joblib.numpy_pickle_compat": "NDArrayWrapper ZNDArrayWrapper",
  // Histogram boosters keep it for their columns of categories.
  "sklearn.utils.validation": "check_array",
  "scipy.sparse._csr": "csr_matrix csr_array",
  "scipy.sparse.csr": "csr_matrix",
  "scipy.sparse._csc": "csc_matrix csc_array",
  "scipy.sparse.csc": "csc_matrix",
  "scipy.sparse._coo": "coo_matrix coo_array",
  "scipy.sparse.coo": "coo_matrix",
  "scipy.special": specialFunctions,
  "scipy.special._ufuncs": specialFunctions,
  "scipy.special._special_ufuncs": specialFunctions,
  torch:
    "device Size dtype Tensor FloatTensor DoubleTensor HalfTensor LongTensor IntTensor ShortTensor CharTensor ByteTensor BoolTensor FloatStorage DoubleStorage HalfStorage BFloat16Storage LongStorage IntStorage ShortStorage CharStorage ByteStorage " +
    "BoolStorage ComplexFloatStorage ComplexDoubleStorage QInt8Storage QUInt8Storage QInt32Storage QUInt4x2Storage QUInt2x4Storage UntypedStorage TypedStorage " +
    "float16 float32 float64 bfloat16 half float double int8 int16 int32 int64 uint8 uint16 uint32 uint64 short int long bool complex64 complex128 complex32 " +
    "qint8 quint8 qint32 quint4x2 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz strided sparse_coo sparse_csr contiguous_format " +
    "channels_last preserve_format per_tensor_affine per_channel_affine _utils",
  "torch.cuda":
    "FloatStorage DoubleStorage HalfStorage BFloat16Storage LongStorage IntStorage ShortStorage CharStorage ByteStorage BoolStorage",
  "torch._utils":
    "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state _rebuild_parameter_v2 " +
    "_rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_meta_tensor_no_storage _rebuild_device_tensor_from_numpy " +
    "_rebuild_device_tensor_from_cpu_tensor _rebuild_nested_tensor _rebuild_xla_tensor _rebuild_wrapper_subclass",
  "torch._tensor": "_rebuild_from_type_v2 Tensor",
  "torch.tensor": "_rebuild_from_type _rebuild_from_type_v2 Tensor",
  "torch.nn.parameter": "Parameter Buffer UninitializedParameter",
  "torch.serialization": "_get_layout",
  "torch.storage": "UntypedStorage TypedStorage _UntypedStorage _TypedStorage",
  "torch._C": "_set_grad_enabled dtype device",
  "torch.jit._pickle":
    "build_intlist build_tensorlist build_doublelist build_boollist build_tensor_from_id restore_type_tag",
  pandas:
    "DataFrame Series Index MultiIndex RangeIndex CategoricalDtype Categorical Timestamp Timedelta Interval Period NaT NA StringDtype",
  "pandas.core.indexes.base": "_new_Index Index",
  "pandas.indexes.base": "_new_Index Index",
  "pandas.core.internals.blocks": "new_block",
  "pandas._libs.internals": "_unpickle_block BlockManager",
  "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked NDArrayBacked",
  "pandas._libs.tslibs.timestamps": "_unpickle_timestamp Timestamp",
  "pandas._libs.tslibs.timedeltas": "_timedelta_unpickle Timedelta",
  "pandas._libs.tslibs.nattype": "_nat_unpickle",
  "pandas._libs.missing": "_NAType NAType",
  // How pandas 3 keeps texts: an Arrow array of a type, a length and buffers.
  "pyarrow.lib": "_restore_array type_for_alias py_buffer chunked_array",
  "xgboost.core": "Booster DMatrix",
  "xgboost.sklearn": "XGBModel XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor Objective",
  "lightgbm.basic": "Booster Dataset",
  "lightgbm.sklearn": "LGBMModel LGBMClassifier LGBMRegressor LGBMRanker",
  "catboost.core": "CatBoost CatBoostClassifier CatBoostRegressor CatBoostRanker _CatBoostBase",
  _catboost: "_CatBoost",
  "sklearn.metrics._dist_metrics": "newObj",
  "sklearn.neighbors._dist_metrics": "newObj",
  "sklearn.neighbors.dist_metrics": "newObj",
  "sklearn.neighbors._kd_tree": "newObj",
  "sklearn.neighbors.kd_tree": "newObj",
  "sklearn.neighbors._ball_tree": "newObj",
  "sklearn.neighbors.ball_tree": "newObj",
  "scipy._lib.array_api_compat.numpy._aliases": "asarray",
  "sklearn.externals.array_api_compat.numpy._aliases": "asarray",
  "sklearn.cluster._kmeans": "_kmeans_single_lloyd _kmeans_single_elkan lloyd_iter_chunked_dense",
  "sklearn.compose._column_transformer": "_is_empty_column_selection",
  _loss: "__pyx_unpickle_CyHalfBinomialLoss __pyx_unpickle_CyHalfMultinomialLoss __pyx_unpickle_CyHalfSquaredError",
};

/**
 * Cython writes one `__pyx_unpickle_<Class>` beside each of its classes: it makes that class and sets its fields. Only of libraries whose
 * classes are known to be harmless.
 */
export const cythonLibraries =
  /^(sklearn|scipy|numpy|pandas)(\.|$)|^_(loss|tree|criterion|splitter|gradient_boosting)$/;
